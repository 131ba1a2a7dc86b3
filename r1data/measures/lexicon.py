"""Lexicon: the frequent words by which languages are told apart, written down for this purpose.

Function words make up nearly half of running text in every language, so a sentence that has hardly any of the target's
and some of another's is in that other one. What is here is no dictionary: names and terms are in none of the lists.
"""

from __future__ import annotations

FUNCTION_WORDS = {
    "en": """
        the of and to in is that it for as with on be at by this are from or an not have has had was were but they
        their them which we our you your he she his her its all one two three there so if then than when what who how
        can could will would should may might must do does did done been being into out up down over under about after
        before between through only also more most some any each every both such same other these those here where
        why because since while until however therefore thus hence no nor just like very still again now first second
        third next last let get gives given give use using used make makes made find found know see check think need
        want means mean equals equal right wrong okay ok wait maybe perhaps well actually really yes hmm me my myself
        us itself without within along across against per via per off back too much many few less least another even
        number numbers sum answer way case value total says said take takes put add adds left along become becomes
        am im dont doesnt cant lets thats ive id ill youre theyre wont isnt arent didnt
        die war man also men come due door son sin era plus on over gut hat bin con sole had air dan bad fast art
        list rest fall hand wand arm ball sand band form film test name warm land is of was best water winter so
        """,
    "fr": """
        le la les un une des du de et est sont était étaient être avoir ai as avons avez ont avait il elle ils elles
        nous vous je tu on ce cet cette ces ça cela ceci qui que quoi dont où quand comment pourquoi combien parce car
        donc alors puis ensuite enfin aussi ainsi mais ou ni or si ne pas plus moins très trop peu beaucoup bien mal
        dans sur sous avec sans pour par entre vers chez depuis pendant avant après contre selon au aux leur leurs son
        sa ses mon ma mes ton ta tes notre nos votre vos tout toute tous toutes chaque même mêmes autre autres quel
        quelle quels quelles lorsque puisque tandis comme afin peut peuvent pouvons doit devons doivent faut fait font
        faire soit soient somme égale égal trouve trouver obtient obtenons calculer calculons vérifions vérifier
        voici voilà maintenant reste deux trois quatre cinq premier première deuxième jusque quelque y en lui se
        sera serait été suis sommes êtes d'accord attendez réponse nombre nombres ici là déjà encore toujours jamais
        """,
    "de": """
        der die das den dem des ein eine einen einem einer eines und oder aber ist sind war waren sein bin bist seid
        hat haben habe hatte hatten wird werden wurde wurden worden kann können konnte muss müssen musste soll sollen
        will wollen darf dürfen mag ich du er sie es wir ihr mich dich sich uns euch ihm ihn ihnen mein meine dein
        seine seiner seinen unser unsere nicht kein keine keinen nur auch noch schon so wie als wenn dann denn weil
        dass daß ob obwohl damit deshalb daher also nun jetzt hier dort da wo was wer welche welcher welches wieder
        immer mit von vom zu zum zur bei beim nach vor aus auf an am in im ins über unter zwischen durch für gegen
        ohne um bis seit während wegen alle alles jede jeder jedes diese dieser dieses diesen beide beiden mehr
        weniger viel viele sehr ganz genau zuerst zunächst danach schließlich ergibt gilt gibt haben zwei drei vier
        fünf erste ersten zweite folgt somit daraus davon dazu dabei warte moment stimmt prüfen rechnen überprüfen
        antwort zahl zahlen man mal hätte wäre würde sei selbst etwas nichts anderen andere lautet
        """,
    "es": """
        el la los las un una unos unas de del al y e o u pero sino que qué quien quién cual cuál cuales cuando cuándo
        donde dónde como cómo cuánto cuántos porque por para con sin sobre entre hasta desde hacia según ante bajo
        tras durante contra es son era eran ser fue fueron soy somos está están estaba estar estamos hay había haber
        he ha hemos han tiene tienen tenemos tengo tener puede pueden podemos poder debe deben debemos hacer hace
        hacemos hago vamos voy va van yo tú él ella ellos ellas nosotros usted ustedes me te se nos le les lo mi mis
        tu tus su sus nuestro nuestra nuestros esto esta este estos estas eso esa ese esos esas aquel aquí allí ahí
        ahora luego después antes entonces así también tampoco además ya aún todavía siempre nunca no sí si más menos
        muy mucho mucha muchos poco todo toda todos todas cada otro otra otros mismo misma dos tres cuatro cinco
        primero primera segundo solo sólo tan tanto respuesta número números suma igual obtenemos calcular
        encontrar verificar espera veamos sea sean dado quiere decir
        """,
    "it": """
        il lo la i gli le un uno una di del dello della dei degli delle a al allo alla ai agli alle da dal dalla dai
        in nel nello nella nei nelle con su sul sulla sui per tra fra e ed o ma però anche se che chi cui quale quali
        quando dove come perché quanto quanti quindi allora dunque poi infine inoltre così è sono era erano essere
        siamo sia siano stato stata ho hai ha abbiamo hanno aveva avere può possiamo possono deve dobbiamo devono fare
        facciamo fa io tu lui lei noi voi loro mi ti si ci vi mio mia suo sua suoi nostro nostra questo questa questi
        queste quello quella quelli ciò ogni tutto tutta tutti tutte altro altra altri stesso stessa più meno molto
        molti poco solo non no sì già ancora sempre mai adesso ora qui prima dopo senza sotto sopra fino verso due tre
        quattro cinque primo secondo risposta numero numeri somma uguale otteniamo calcolare troviamo verificare
        aspetta vediamo cioè poiché mentre affinché ne
        """,
    "pt": """
        o os a as um uma uns umas de do da dos das em no na nos nas ao à aos às por pelo pela pelos para com sem sob
        sobre entre até desde contra e ou mas porém que quem qual quais quando onde como porque porquê quanto quantos
        então logo portanto assim também além ainda já sempre nunca não sim se mais menos muito muita muitos pouco
        é são era eram ser foi foram sou somos está estão estava estar estamos há havia tem têm temos tenho ter tinha
        pode podem podemos poder deve devem devemos fazer faz fazemos vamos vou vai vão eu tu você ele ela eles elas
        nós vocês me te lhe nosso nossa meu minha seu sua seus suas isto isso este esta estes esse essa esses aquele
        aqui ali agora depois antes todo toda todos todas tudo cada outro outra outros mesmo mesma dois duas três
        quatro cinco primeiro segundo só apenas resposta número números soma igual obtemos calcular encontrar
        verificar espere vejamos seja sejam dado pois
        """,
    "nl": """
        de het een en of maar want dus is zijn was waren ben bent wordt worden werd heeft hebben heb had hadden kan
    kunnen kon moet moeten zal zullen zou zouden mag mogen wil willen ik jij je hij zij ze wij we jullie u mij mijn
    jouw hem haar hun ons onze zich dit dat deze die daar hier er waar wat wie welke hoe waarom wanneer als dan toen
        omdat doordat zodat terwijl hoewel niet geen wel ook nog al nu weer altijd nooit alleen maar met van voor door
        op aan in uit bij naar over onder tussen tegen zonder om tot sinds na te toe alle alles elk elke ieder beide
        meer minder veel weinig heel zeer twee drie vier vijf eerste tweede eerst daarna daarom vervolgens ten slotte
        antwoord getal getallen som gelijk geeft vinden berekenen controleren wacht laten kijken we dezelfde andere
        """,
    "pl": """
        i w na z ze do od za po przez przy dla o u nad pod przed między bez oraz lub albo ale lecz jednak więc zatem
        dlatego ponieważ bo że żeby aby jeśli jeżeli gdy kiedy gdzie jak co kto który która które których jaki jakie
        ile nie tak już jeszcze tylko też także bardzo tu tam teraz potem następnie najpierw jest są był była było
        były być będzie będą ma mają mamy mieć może możemy można musi musimy trzeba należy ja ty on ona ono my wy oni
        mnie mi cię się go jej jego ich im nas nam to ten ta te tego tej tych tym tymi każdy każda każde wszystkie
        wszystko inny inne sam sama dwa dwie trzy cztery pięć pierwszy drugi mniej więcej wynosi równa równe liczba
        liczby suma odpowiedź obliczyć sprawdźmy czyli stąd niech znaczy
        """,
    "vi": """
    và của là có được cho không các một những này đó khi thì để từ với trong trên dưới ngoài vào ra lên
    xuống
    đến đi lại ta chúng tôi bạn anh em nó họ ai gì nào đâu sao thế vậy nên vì do bởi nếu nhưng mà hoặc hay
    cũng
    đã đang sẽ phải cần muốn biết thấy tìm tính cộng trừ nhân chia bằng số tổng hai ba bốn năm sáu bảy
    tám chín
    mười đầu tiên tiếp theo cuối cùng sau trước giữa cả mỗi mọi nhiều ít hơn nhất rất chỉ còn vẫn như
    theo
        giả sử suy ra đáp án kết quả kiểm tra hãy bây giờ tức nghĩa
        """,
    "tr": """
        ve bir bu şu o da de mi mı mu mü ile için gibi kadar daha en çok az ama fakat ancak veya ya ne ki çünkü eğer
        ise değil var yok olan olarak oldu olur olduğu olduğunu ben sen biz siz onlar bana bize onu bunu şimdi sonra
        önce ilk son her tüm bütün hiç bazı aynı diğer başka nasıl neden niçin nerede kim hangi kaç iki üç dört beş
        sayı sayılar toplam toplamı eşit eşittir cevap yani böylece dolayısıyla o halde bulmak bulalım hesaplayalım
        gerekir lazım şey burada orada göre üzere kendi sadece bile hem
        """,
    "id": """
        yang dan di ke dari untuk dengan pada adalah ini itu tidak bukan akan telah sudah belum sedang bisa dapat
        harus ada atau tetapi tapi karena jika kalau maka sehingga agar supaya ketika saat saya aku kamu anda kita
        kami mereka dia ia nya apa siapa mana bagaimana mengapa kapan berapa juga hanya lagi lebih paling sangat
        semua setiap beberapa banyak sama lain satu dua tiga empat lima pertama kedua jadi oleh sebagai seperti
        antara dalam luar atas bawah setelah sebelum kemudian lalu jumlah jawaban bilangan angka hasil adalah
        mencari menghitung mari kita tunggu sekarang
        """,
    "sv": """
        och att det en ett den de som är var för med på av i till från om inte men eller så när då där här hur vad vem
        vilken varför jag du han hon vi ni mig dig sig oss er min din sin vår deras har hade ha kan kunde ska skulle
        måste vill får blir blev vara varit finns alla allt varje samma andra annan båda mer mindre mycket många bara
        också redan ännu nu sedan först därefter därför eftersom alltså utan mellan under över efter före genom mot
        hos två tre fyra fem första andra tal talet summan svaret lika hitta räkna kontrollera låt oss vänta detta
        denna dessa
        """,
    "ro": """
        și în de la pe cu din pentru este sunt era fi fost au am ai avem are un o unui unei cel cea cei cele care ce
        cine când unde cum cât dacă dar sau nici deci atunci astfel apoi deoarece pentru că să nu mai foarte doar
        acest această acești acesta aceasta acel acea toate tot toți fiecare alt alte noi voi ei ele eu tu el ea ne se
        lui lor prin între până după înainte fără sub peste trebuie putem poate numărul suma răspunsul egal doi două
        trei patru cinci prima primul
        """,
    "cs": """
        a v na je se že s z do o k i to jsou byl byla bylo být jsem jsme jste má mají máme mít ale nebo protože tedy
        proto pokud když kde jak co kdo který která které kolik ne není už ještě jen také velmi tady teď potom nejprve
        pak tak já ty on ona my vy oni mě tě ho jej jeho jejich nás nám ten ta ti toto tento tato této každý všechny
        jiný sám dva dvě tři čtyři pět první druhý méně více součet číslo čísla odpověď rovná od pro při po pod nad
        před mezi bez
        """,
    "ru": """
        и в на с со к у о об от до из за по под над при для без через между не ни но а или что чтобы как так если то
        когда где куда почему потому поэтому затем тогда также тоже уже ещё еще только даже очень все всё весь вся
        каждый каждая это этот эта эти тот та те того этого этой он она оно они мы вы я ты меня нас вас его её их им
        нам мне себя свой наш который которая которые которого быть был была было были есть будет будем может можно
        нужно надо должно должен имеем получаем получим найдём найти значит следовательно итак сначала теперь потом
        далее здесь там два две три четыре пять первый второй больше меньше равно равна равен сумма число числа ответ
        проверим подождите пусть тогда
        """,
    "uk": """
        і й в у на з із зі до від за по під над при для без через між не ні але а або що щоб як так якщо то коли де
        чому тому тоді також теж вже ще тільки навіть дуже всі все весь кожен кожна це цей ця ці той та ті його її їх
        він вона воно вони ми ви я ти мене нас вас нам мені себе свій наш який яка які якого бути був була було були
        є буде може можна потрібно треба маємо отримуємо отже спочатку тепер потім далі тут там два дві три чотири
        перший другий більше менше дорівнює сума число числа відповідь перевіримо нехай
        """,
}
"""Frequent words by language. Some are content words that reasoning is full of; English has words, too, that mean
something else in another list, so that they speak for neither."""

NAME_PARTICLES = """
    de la le les du des da do dos das di del della der den dem des von van zu zum zur el al los las y e i a o en un
    una
    ten ter te san santa en in im am an as no na os ad ex et per pro id il lo die das on to se me par sur us so
"""
"""Words of those lists that also stand in names and in Latin terms ("de facto", "van der Waals"): alone they prove
nothing."""

CONNECTIVES = {
    "en": "so therefore wait thus hence because but however since maybe actually okay alternatively we",
    "fr": "donc alors puisque parce lorsque ensuite voici voilà attendez puis nous",
    "de": "deshalb daher weil dass zuerst zunächst danach schließlich jetzt nicht wir warte somit daraus",
    "es": "entonces porque luego ahora así también después nosotros espera veamos pero",
    "it": "quindi allora perché dunque poiché adesso anche aspetta vediamo però",
    "pt": "então portanto porque agora também não espere vejamos porém",
    "nl": "daarom omdat daarna vervolgens niet eerst zodat want",
    "pl": "więc zatem dlatego ponieważ jednak najpierw następnie teraz",
    "vi": "và không được những chúng nhưng",
    "tr": "çünkü böylece dolayısıyla şimdi yani değil",
    "id": "karena sehingga maka tetapi sekarang kemudian",
    "sv": "därför eftersom alltså därefter inte också",
    "ro": "deci atunci deoarece și",
    "cs": "protože tedy proto potom nejprve",
    "ru": "поэтому следовательно значит итак потому сначала теперь затем потом тогда также подождите если но мы",
    "uk": "тому отже спочатку тепер потім якщо",
}
"""Words that are no names and no terms, so that one of them alone is a lapse."""

KEYWORDS = """
    is not in for if else while and or with as from import return this do true false none null break continue
    pass let get set find check next first last print end begin put add one two list may test form case value number
    up down over under left right use make sum off back out least most per all any given may hand name like
    only other second third more less equal means mean total plus two three before after between each even same
    number numbers sum
    """
"""English words that Chinese mathematics and programming borrow singly; several of them make no sentence."""
ARTICLES = "the of to a an by on at via without within into into no"
"""Words that stand inside English terms and titles."""

MENTIONS_BEFORE = """
    word words character characters term terms phrase phrases called named name names letter letters idiom sentence
    radical kanji hanzi kana hiragana katakana hangul particle particles verb noun adjective pronounced translated
    translates translation title titled write writes written surname pinyin expression says reads spelled surname mr
    mrs ms dr miss uncle aunt professor teacher chinese japanese korean russian greek arabic hebrew
"""
MENTIONS_AFTER = "means mean meaning denotes translates literally pronounced stands refers"
"""Words next to which a foreign one is spoken of rather than spoken."""

CHINESE_FUNCTION = """
    的 了 是 我 你 他 她 它 这 那 吗 呢 吧 们 就 都 也 又 把 被 让 给 从 到 与 或 且 若 则 设 故 很 还 更 最 没 会
    能 要 该 为 由 已
    在 个 不 有 因 而 对 和 再 得 将 使 用 令 即 当 只 每 某 哪 谁 啊 嗯 哦 嘛
"""
"""Characters that hold Chinese sentences together and hardly ever stand in names."""
CHINESE_WORDS = """
    我们 你们 他们 它们 因此 所以 但是 然后 首先 其次 最后 等于 因为 如果 那么 可以 需要 应该 这个 那个 这里 那里
    这样 就是 不是 没有 由于
    于是 接着 另外 此外 而且 并且 或者 还是 虽然 不过 然而 从而 同样 同理 假设 已知 显然 注意 根据 得到 得出 可得
    可知 其中 现在 等等 让我
    看看 检查 验证 计算 考虑 考察 使用 利用 代入 化简 展开 整理 求解 解得 证明 总结 综上 答案 结果 结论 问题 题目
    题意 条件 步骤 方法 公式 方程
    函数 数字 整数 分数 小数 总和 总共 一共 数量 面积 周长 长度 角度 三角 正方 长方 速度 时间 距离 加上 减去 乘以
    除以 大于 小于 相等 正确
    错误 不对 对吗 好的 好吧 嗯嗯 所有 每个 这些 那些 多少 几个 什么 怎么 为何 为什 一个 两个 三个 第一 第二 第三
    下面 上面 以上 以下 之后 之前
    情况 可能 一定 必须 不能 只有 只要 除非 即使 直接 其实 实际 确实 再次 重新 继续 接下 下一 最大 最小 最终 最多
    最少 至少 至多 左边 右边
    两边 同时 分别 剩下 剩余 余数 倍数 因数 质数 偶数 奇数 平方 立方 概率 集合 序列 数组 循环 变量 输入 输出 返回
    遍历 算法 例如 比如 也就
    换句 意味 说明 表示 成立 满足 符合 存在 任意 对于 关于 通过 按照 看来 似乎 思考 想想 想一 试试 尝试 回到 回顾
    苹果 学生 老师 小时 分钟
    公里 千米 每天 今天 明天 昨天 价格 元钱 因而 否则 仍然 刚才 刚刚 完全 简单 容易 困难 复杂
"""
"""Words of Chinese reasoning. One of them in an English sentence is a lapse: none is a name."""
CHINESE_SUFFIXES = "学司院省市县区国行路街寺山江河湖海岛港州镇村店馆社局部会城门宫桥站报赛传记经"
"""What names of places and institutions end in."""
MAINLAND_ONLY = "们 这 吗 呢 么 为 对 时 说 还 没 吧 过 从 让 给 样 问 题 应 该 数 边 长"
"""Characters that Japanese does not write, or not so: simplified ones and particles. Pairs follow."""
MAINLAND_PAIRS = (
    "我们 因此 所以 但是 然后 首先 如果 那么 可以 需要 应该 这个 得到 因为 就是 不是 没有 等于 我们 的是 是一 答案 让我"
)
CHINESE_CUES = "词 叫 称 即 名 译 文 语 写 母 做 为"
"""Characters behind which a Chinese sentence names a foreign word."""

OTHER_FUNCTION_WORDS = {
    "ko": """
    그리고 그래서 그러나 하지만 따라서 그러면 그런데 또한 우리는 우리가 먼저 다음 다음으로 이제 이것은 그것은 이 그
    저 즉 때문에 만약 답은
    정답은 합은 수는 그러므로 왜냐하면 다시 있다 없다 이다 입니다 합니다 있습니다 됩니다 한다 된다 잠깐 이므로 이고
    그럼
        """,
    "ar": """
    في من على إلى عن مع هذا هذه ذلك التي الذي أن إن كان كانت هو هي نحن ثم لكن لأن إذا إذن لذلك أولا أولاً بعد قبل كل
        ما لا نجد لدينا يساوي الجواب العدد الآن أو و حيث
        """,
    "fa": "و در به از که این آن را با است برای یک هم ما می شود باشد پس اگر اما زیرا ابتدا سپس بنابراین",
    "he": "של את על לא זה זו הוא היא אנחנו אני כי אם אז לכן אבל גם עם או כל יש אין קודם ולכן התשובה עכשיו",
    "hi": """
        और का की के में है हैं को से पर यह वह हम इस
        उस तो लेकिन क्योंकि इसलिए यदि अगर पहले फिर अब भी नहीं एक उत्तर योग
        """,
    "el": """
        και το η ο οι τα του της των να είναι ότι για με
        από στο στη στην που αν τότε άρα όμως επειδή πρώτα εμείς θα δεν
        """,
}
"""Function words of languages that have a script (nearly) to themselves."""
JAPANESE_WORDS = """
    です ます から ので した して いる ある こと それ これ この その では には とき つま しか だか また まず 次に
    なる する なら られ ない ため もし
    よっ って だっ さい ませ でし とな にな をす を計 は、
"""
"""Pairs of characters that Japanese sentences are made with."""
